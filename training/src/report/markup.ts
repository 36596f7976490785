/** Text that is HTML already. Only {@link html} makes it, so that what is not it is escaped. */
export class Markup {
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  static join(strings: readonly string[], values: readonly Content[]): Markup {
    return new Markup(strings.map((part, i) => (i === 0 ? part : rendered(values[i - 1]) + part)).join(''));
  }

  toString(): string {
    return this.#text;
  }
}

/** What may stand between the strings of {@link html}; a list is put together without anything between. */
export type Content = Markup | string | number | null | undefined | false | readonly Content[];

/**
 * HTML from a template. What is put in is escaped, for text as for attributes in double quotes, unless it came from
 * `html` itself; null, undefined and false are nothing.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return Markup.join(strings, values);
}

function rendered(value: Content): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Markup) return value.toString();
  if (typeof value === 'string') return escaped(value);
  if (typeof value === 'number') return String(value);
  return value.map(rendered).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/**
 * Characters that cannot be seen, and those that turn the direction of what follows, as `\u{…}`: a name in a report is what
 * it looks like. Line ends and tabs stay.
 */
export function visible(text: string): string {
  return text.replace(
    /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`,
  );
}

/** A style sheet of our own as an element; it holds nothing that came from outside. */
export function styleElement(css: string): Markup {
  if (/<\//.test(css)) throw new TypeError('a style sheet cannot end its own element');
  return Markup.join([`<style>${css}</style>`], []);
}
