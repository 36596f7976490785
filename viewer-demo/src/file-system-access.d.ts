// Chromium has it, TypeScript's DOM library does not.
interface Window {
  showDirectoryPicker?: (options: { id: string; mode: 'readwrite' }) => Promise<FileSystemDirectoryHandle>;
}
