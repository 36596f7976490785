import type { Source } from 'alibi-zarr';

/**
 * Open what is dropped on the page: a folder, a .zip or an .ozx.
 *
 * @param veil  shown while something is held over the page
 */
export function onDrop(veil: HTMLElement, open: (source: Source, name: string) => void): void {
  let depth = 0;
  const show = (by: number) => {
    depth = Math.max(0, depth + by);
    veil.hidden = depth === 0;
  };
  window.addEventListener('dragenter', () => show(1));
  window.addEventListener('dragleave', () => show(-1));
  window.addEventListener('dragover', (event) => event.preventDefault());
  window.addEventListener('drop', async (event) => {
    // Scribbles, classifiers and projects are the viewer's.
    const isTaken = event.defaultPrevented;
    event.preventDefault();
    show(-depth);
    if (isTaken) return;
    const item = [...(event.dataTransfer?.items ?? [])].find(({ kind }) => kind === 'file');
    if (item === undefined) return;
    const file = item.getAsFile();
    const handle = await item.getAsFileSystemHandle?.();
    if (handle instanceof FileSystemDirectoryHandle) open(handle, handle.name);
    else if (file !== null) open(file, file.name);
  });
}

declare global {
  interface DataTransferItem {
    /** File System Access API; not in every browser. */
    getAsFileSystemHandle?: () => Promise<FileSystemHandle | null>;
  }
}
