/**
 * Emscripten's embind, which the codecs (numcodecs) are built with, puts a JavaScript function together as text for every
 * exported function, and gives it to `Function`: a strict Content-Security-Policy forbids that. The text is always of one
 * kind, so that the same function can be had as a closure.
 */

type Wire = (destructors: unknown[] | null, value: unknown) => unknown;

interface EmbindType {
  readonly toWireType: Wire;
  readonly fromWireType: (value: unknown) => unknown;
}

/** Parameters with which every such text begins; later versions of embind have `humanName` before them. */
const leading = ['throwBindingError', 'invoker', 'fn', 'runDestructors', 'retType', 'classParam'];

/**
 * What `Function(...parameters, body)` would give for the text of an embind invoker; undefined for any other text.
 *
 * Source: emscripten, src/lib/libembind.js (craftInvokerFunction)
 */
export function embindFactory(texts: readonly unknown[]): ((...values: unknown[]) => unknown) | undefined {
  const body = texts.at(-1);
  const parameters = texts.slice(0, -1).map(String);
  const own = parameters[0] === 'humanName' ? parameters.slice(1) : parameters;
  if (typeof body !== 'string' || !leading.every((name, i) => own[i] === name)) return undefined;
  // A method (`thisWired`) has another layout; the codecs export plain functions.
  if (body.includes('thisWired')) return undefined;
  const count = parameters.filter((name) => /^argType\d+$/.test(name)).length;
  const returns = body.includes("retType['fromWireType']");
  const collects = body.includes('runDestructors(destructors)');
  return (...values) => {
    const at = (name: string): unknown => values[parameters.indexOf(name)];
    const types = Array.from({ length: count }, (_, i) => asType(at(`argType${i}`)));
    const invoke = asFunction(at('invoker'));
    const destroyers = types.map((_, i) => at(`arg${i}Wired_dtor`));
    return (...args: unknown[]): unknown => {
      if (args.length !== count) {
        asFunction(at('throwBindingError'))(
          `function ${at('humanName') ?? ''} called with ${args.length} arguments, expected ${count}`,
        );
      }
      const destructors: unknown[] | null = collects ? [] : null;
      const wired = types.map((type, i) => type.toWireType(destructors, args[i]));
      const result = invoke(at('fn'), ...wired);
      if (destructors !== null) asFunction(at('runDestructors'))(destructors);
      destroyers.forEach((destroy, i) => {
        if (destroy !== undefined) asFunction(destroy)(wired[i]);
      });
      return returns ? asType(at('retType')).fromWireType(result) : undefined;
    };
  };
}

function asType(value: unknown): EmbindType {
  // Embind's own registry gave it; its text would call the same two members.
  return value as EmbindType;
}

function asFunction(value: unknown): (...args: unknown[]) => unknown {
  if (typeof value === 'function') return (...args) => Reflect.apply(value, undefined, args);
  throw new TypeError('the codec is built with another version of embind');
}

/** Let codecs that are loaded from now on start under a policy without `unsafe-eval`; all else meets `Function` as it was. */
export function allowEmbindWithoutEval(): void {
  const Native = globalThis.Function;
  const Patched = function (this: unknown, ...texts: string[]): unknown {
    return embindFactory(texts) ?? Reflect.construct(Native, texts);
  };
  // `instanceof Function` goes by the prototype.
  Patched.prototype = Native.prototype;
  Reflect.set(globalThis, 'Function', Patched);
}
