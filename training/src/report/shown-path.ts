/** A file without the reader's own folders: its name and the folder it lies in. */
export function shownPath(path: string): string {
  return path
    .split(/[\\/]/)
    .filter((part) => part !== '' && part !== '.')
    .slice(-2)
    .join('/');
}
