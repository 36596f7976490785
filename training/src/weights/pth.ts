import { AlibiError } from 'alibi-zarr/checkpoint';
import { type ByteSource, truncated } from './byte-source.ts';
import { FLOAT_BYTES, type FloatType, toFloat32 } from './element-type.ts';
import { PickleGlobal, type PickleHooks, PickleObject, type PickleValue, unpickle } from './unpickle.ts';
import type { Tensor } from './vit-weights.ts';
import { readZip, type ZipEntry } from './zip.ts';

const FLOAT_STORAGES: Readonly<Record<string, FloatType>> = {
  'torch.FloatStorage': 'float32',
  'torch.DoubleStorage': 'float64',
  'torch.HalfStorage': 'float16',
  'torch.BFloat16Storage': 'bfloat16',
};
const OTHER_STORAGES = ['Long', 'Int', 'Short', 'Char', 'Byte', 'Bool'].map((type) => `torch.${type}Storage`);
const REBUILD = ['torch._utils._rebuild_tensor_v2', 'torch._utils._rebuild_tensor'];
const REBUILD_PARAMETER = 'torch._utils._rebuild_parameter';
const ORDERED_DICT = 'collections.OrderedDict';
const SIZE = 'torch.Size';

/** Names, shapes and places of tensors: 100 to 200 bytes each. */
const PICKLE_LIMIT = 64 * 2 ** 20;
/** Tied weights appear twice; a file in which the tensors are many times as large as what it stores is not weights. */
const SHARING_LIMIT = 8;

const ALLOWED: ReadonlySet<string> = new Set([
  ...Object.keys(FLOAT_STORAGES),
  ...OTHER_STORAGES,
  ...REBUILD,
  REBUILD_PARAMETER,
  ORDERED_DICT,
  SIZE,
]);

// Where training scripts keep the state dict, in order of preference (a teacher is the average one wants).
const WRAPPERS = ['state_dict', 'model', 'teacher', 'model_state_dict', 'model_ema'];

/** A storage by its key in the archive; `type` null for integers, which no weight of ours is. */
class Storage extends PickleObject {
  readonly kind = 'storage';
  readonly key: string;
  readonly type: FloatType | null;
  readonly count: number;

  constructor(key: string, type: FloatType | null, count: number) {
    super();
    this.key = key;
    this.type = type;
    this.count = count;
  }
}

class TensorView extends PickleObject {
  readonly kind = 'tensor';
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(storage: Storage, offset: number, shape: readonly number[], strides: readonly number[]) {
    super();
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/**
 * Reads the floating-point tensors of a state dict saved by `torch.save` (1.6 and later), without running any code.
 *
 * A state dict inside `state_dict`, `model`, `teacher`, `model_state_dict` or `model_ema` is found; what lies beside
 * it, and tensors of integers, are left out.
 *
 * @throws AlibiError  UnsupportedFormat: the older format, a global that weights do not need, big-endian; InvalidInput:
 *   truncated, or a tensor that does not lie within its storage or overlaps itself
 */
export async function readPth(source: ByteSource): Promise<Map<string, Tensor>> {
  await assertZip(source);
  const entries = await readZip(source);
  const pickle = [...entries.keys()].find((name) => name === 'data.pkl' || name.endsWith('/data.pkl'));
  const stream = pickle === undefined ? undefined : entries.get(pickle);
  if (pickle === undefined || stream === undefined) {
    throw unsupported(source.where, 'the zip file holds no data.pkl', 'Give a file written by torch.save.');
  }
  const root = pickle.slice(0, -'data.pkl'.length);
  const order = await entries.get(`${root}byteorder`)?.read();
  if (order !== undefined && new TextDecoder().decode(order).trim() !== 'little') {
    throw unsupported(source.where, 'its numbers are big-endian', 'Save it on a little-endian machine.');
  }
  if (stream.size > PICKLE_LIMIT)
    throw unsupported(
      source.where,
      `its data.pkl has ${stream.size} bytes`,
      'Save the bare state dict with torch.save.',
    );
  const value = unpickle(await stream.read(), hooksFor(source.where), `${source.where}:${pickle}`);
  return readTensors(stateDict(value, source.where), entries, `${root}data/`, source.where);
}

async function assertZip(source: ByteSource): Promise<void> {
  const start = await source.read(0, Math.min(4, source.size));
  if (start[0] === 0x50 && start[1] === 0x4b) return;
  const pickled = start[0] === 0x80;
  throw unsupported(
    source.where,
    pickled ? 'it is in the format of torch before 1.6' : 'it is neither a torch zip file nor safetensors',
    pickled
      ? 'Load it in a current torch and save the state dict again.'
      : 'Give a .pth or .safetensors file.',
  );
}

function hooksFor(where: string): PickleHooks {
  return {
    allows: (name) => ALLOWED.has(name),
    call: (name, args) => {
      if (name === ORDERED_DICT) return orderedDict(args, where);
      if (name === SIZE) return args[0] ?? null;
      if (name === REBUILD_PARAMETER) return args[0] ?? null;
      if (REBUILD.includes(name)) return tensorView(args, where);
      throw malformed(where, `${name} is called`);
    },
    persistentId: (id) => storageOf(id, where),
  };
}

function orderedDict(args: readonly PickleValue[], where: string): PickleValue {
  const [pairs = []] = args;
  if (!Array.isArray(pairs)) throw malformed(where, 'an OrderedDict is not made of pairs');
  const dict = new Map<PickleValue, PickleValue>();
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2)
      throw malformed(where, 'an OrderedDict is not made of pairs');
    dict.set(pair[0] ?? null, pair[1] ?? null);
  }
  return dict;
}

function storageOf(id: PickleValue, where: string): Storage {
  if (!Array.isArray(id) || id[0] !== 'storage') throw malformed(where, 'a persistent id is no storage');
  const [, type, key, , count] = id;
  const name = type instanceof PickleGlobal ? type.name : '';
  if (typeof key !== 'string' || !isSize(count)) throw malformed(where, 'a storage has no key or size');
  return new Storage(key, FLOAT_STORAGES[name] ?? null, count);
}

function tensorView(args: readonly PickleValue[], where: string): TensorView {
  const [storage, offset, shape, strides] = args;
  if (!(storage instanceof Storage) || !isSize(offset) || !isSizes(shape) || !isSizes(strides)) {
    throw malformed(where, 'a tensor lacks storage, offset, shape or strides');
  }
  if (shape.length !== strides.length) throw malformed(where, 'a tensor has more sizes than strides');
  return new TensorView(storage, offset, shape, strides);
}

function stateDict(value: PickleValue, where: string): Map<string, TensorView> {
  if (value instanceof Map) {
    const wrapped = WRAPPERS.map((key) => value.get(key)).find((inner) => inner instanceof Map);
    const dict = wrapped instanceof Map ? wrapped : value;
    const tensors = new Map<string, TensorView>();
    for (const [key, item] of dict) {
      if (typeof key === 'string' && item instanceof TensorView) tensors.set(key, item);
    }
    if (tensors.size > 0) return tensors;
  }
  throw unsupported(
    where,
    `it holds no state dict, bare or under ${WRAPPERS.join(', ')}`,
    'Save model.state_dict() with torch.save.',
  );
}

async function readTensors(
  views: ReadonlyMap<string, TensorView>,
  entries: ReadonlyMap<string, ZipEntry>,
  folder: string,
  where: string,
): Promise<Map<string, Tensor>> {
  const storages = new Map<string, Float32Array>();
  const tensors = new Map<string, Tensor>();
  assertSharing([...views.values()], where);
  for (const [name, view] of views) {
    const { key, type, count } = view.storage;
    if (type === null) continue;
    assertInside(view, name, where);
    const known = storages.get(key);
    const data = known ?? (await readStorage(entries.get(folder + key), { type, count, name, where }));
    storages.set(key, data);
    if (data.length < count) throw truncated(where, `the storage of ${name} is shorter than it claims`);
    tensors.set(name, { shape: view.shape, data: contiguous(data, view) });
  }
  return tensors;
}

/** Every view of a storage is copied out of it: refuses a file that names one storage over and over. */
function assertSharing(views: readonly TensorView[], where: string): void {
  const stored = new Map(views.map(({ storage }) => [storage.key, storage.count]));
  const held = [...stored.values()].reduce((sum, count) => sum + count, 0);
  const claimed = views.reduce(
    (sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1),
    0,
  );
  if (claimed > SHARING_LIMIT * held)
    throw malformed(
      where,
      `its tensors are ${Math.round(claimed / Math.max(1, held))} times as large as what it stores`,
    );
}

async function readStorage(
  entry: ZipEntry | undefined,
  o: { type: FloatType; count: number; name: string; where: string },
): Promise<Float32Array> {
  const byteLength = o.count * FLOAT_BYTES[o.type];
  if (entry === undefined || entry.size !== byteLength) {
    const held = entry === undefined ? 'missing' : `${entry.size} bytes long instead of ${byteLength}`;
    throw truncated(o.where, `the storage of ${o.name} is ${held}`);
  }
  return toFloat32(await entry.read(), o.type);
}

/** Refuses views that leave their storage, and those that overlap themselves (which can claim any size). */
function assertInside(view: TensorView, name: string, where: string): void {
  const axes = view.shape
    .map((size, i) => ({ size, stride: view.strides[i] ?? 0 }))
    .filter((axis) => axis.size !== 1)
    .sort((a, b) => a.stride - b.stride);
  if (axes.some((axis) => axis.size === 0)) return;
  let reach = 0;
  for (const { size, stride } of axes) {
    if (stride <= reach)
      throw malformed(where, `the tensor ${name} overlaps itself (strides ${view.strides})`);
    reach += (size - 1) * stride;
  }
  if (!Number.isSafeInteger(reach) || view.offset + reach >= view.storage.count) {
    throw malformed(where, `the tensor ${name} reaches beyond its storage of ${view.storage.count} numbers`);
  }
}

function contiguous(data: Float32Array, view: TensorView): Float32Array {
  const count = view.shape.reduce((product, size) => product * size, 1);
  const out = new Float32Array(count);
  const index = view.shape.map(() => 0);
  let from = view.offset;
  for (let i = 0; i < count; i++) {
    out[i] = data[from] ?? 0;
    for (let axis = index.length - 1; axis >= 0; axis--) {
      const stride = view.strides[axis] ?? 0;
      const next = (index[axis] ?? 0) + 1;
      if (next < (view.shape[axis] ?? 0)) {
        index[axis] = next;
        from += stride;
        break;
      }
      index[axis] = 0;
      from -= stride * (next - 1);
    }
  }
  return out;
}

function isSize(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isSizes(value: PickleValue | undefined): value is number[] {
  return Array.isArray(value) && value.every(isSize);
}

function malformed(where: string, what: string): AlibiError {
  return new AlibiError('InvalidInput', { what, where, remedy: 'Fetch the file again.' });
}

function unsupported(where: string, what: string, remedy: string): AlibiError {
  return new AlibiError('UnsupportedFormat', { what, where, remedy });
}
