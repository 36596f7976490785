import { AlibiError } from 'alibi-zarr/checkpoint';
import { parseStudentRecord, type StudentRecord } from 'alibi-zarr-schemas';

/** The metadata of a student.safetensors that holds its record. */
const KEY = 'alibi_train';

/** What a student's weights alone do not say, as metadata of the file: heads, epsilon, position, input, blanked channels. */
export function recordMetadata(record: StudentRecord): Record<string, string> {
  return { [KEY]: JSON.stringify(record) };
}

/**
 * @returns  null where the weights are nobody's student
 * @throws AlibiError  InvalidInput: there is a record that cannot be read
 */
export function parseRecord(metadata: ReadonlyMap<string, unknown>, where: string): StudentRecord | null {
  const text = metadata.get(KEY);
  if (text === undefined) return null;
  let value: unknown;
  try {
    value = JSON.parse(String(text));
  } catch (cause) {
    throw invalid(where, 'is not JSON', cause);
  }
  const parsed = parseStudentRecord(value);
  if (parsed.ok) return parsed.value;
  throw invalid(where, `${parsed.path} ${parsed.message}`.trim());
}

function invalid(where: string, what: string, cause?: unknown): AlibiError {
  return new AlibiError('InvalidInput', {
    what: `its metadata "${KEY}" ${what}`,
    where,
    remedy:
      'Take student.safetensors as the run wrote it, or save the tensors without metadata and give the flags.',
    cause,
  });
}
