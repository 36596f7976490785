/** An image the demo brings along. */
export interface Sample {
  readonly title: string;
  /** Relative to the page. */
  readonly address: string;
  readonly description: string;
}

/** What `samples/index.json` lists; nothing where no samples have been made. */
export async function fetchSamples(): Promise<Sample[]> {
  const response = await fetch('samples/index.json').catch(() => null);
  if (response === null || !response.ok || !(response.headers.get('content-type') ?? '').includes('json'))
    return [];
  const listed: unknown = await response.json();
  if (!Array.isArray(listed)) return [];
  return listed.flatMap((entry: unknown) => {
    const { name, title, path, description } =
      typeof entry === 'object' && entry !== null ? { ...blank, ...entry } : blank;
    if (typeof path !== 'string') return [];
    return [
      {
        title: String(title ?? name ?? path),
        address: path.startsWith('samples/') ? path : `samples/${path.replace(/^\.?\//, '')}`,
        description: String(description ?? ''),
      },
    ];
  });
}

const blank: Readonly<Record<'name' | 'title' | 'path' | 'description', unknown>> = {
  name: undefined,
  title: undefined,
  path: undefined,
  description: undefined,
};
