import { AlibiError } from '../errors.ts';
import { readNode } from './group.ts';
import { type GroupLocation, keyPrefix, type ReadOptions } from './metadata-file.ts';
import { type Problem, type Validation, validation } from './rules.ts';
import { checkNode, problemOf } from './store-checks.ts';

export { validateAttributes } from './validate-attributes.ts';

export interface ValidateStoreOptions extends ReadOptions {
  /** Also ask for what the specification recommends. */
  readonly strict?: boolean;
}

/** Problems collected before a store is given up: enough to see what is wrong with it. */
const problemLimit = 100;

/**
 * Whether what lies at a path is valid OME-Zarr: the attributes of every group below it by the specification's schemas
 * (0.4 and 0.5), and by its prose that the arrays exist and fit the axes, levels get coarser, labels are integers
 * whose source is there, and a plate's wells and fields are where they are said to be. No chunk is read.
 *
 * @returns verdict with at most 100 problems, each naming its file
 * @throws AlibiError NotFound  nothing is there; or what the store throws (network, permission, abort)
 */
export async function validateStore(
  at: GroupLocation,
  { strict = false, ...options }: ValidateStoreOptions = {},
): Promise<Validation> {
  const problems: Problem[] = [];
  const report = (problem: Problem): void => {
    if (problems.length < problemLimit) problems.push(problem);
  };
  try {
    const node = await readNode(at, options);
    if (node === undefined) {
      throw new AlibiError('NotFound', {
        what: 'no Zarr group here: neither zarr.json nor .zgroup nor .zattrs is there',
        where: `${at.location}${keyPrefix(at.path)}`,
        remedy: 'Check the address; it must name the folder that holds one of these files.',
      });
    }
    const enough = (): boolean => problems.length >= problemLimit;
    await checkNode(node, { at, strict, options, report, enough, depth: 0 });
  } catch (error) {
    const problem = problemOf(error, at);
    if (problem === undefined) throw error;
    report(problem);
  }
  return validation(problems);
}
