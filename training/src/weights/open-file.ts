import { type FileHandle, open } from 'node:fs/promises';
import { AlibiError } from 'alibi-zarr/checkpoint';
import { assertRange, type ByteSource, truncated } from './byte-source.ts';

export interface OpenByteSource extends ByteSource {
  close(): Promise<void>;
}

/** @throws AlibiError  NotFound */
export async function openFile(path: string): Promise<OpenByteSource> {
  let handle: FileHandle;
  try {
    handle = await open(path);
  } catch (cause) {
    throw new AlibiError('NotFound', {
      what: 'the weights cannot be opened',
      where: path,
      remedy: 'Give the path of a .pth or .safetensors file that you may read.',
      cause,
    });
  }
  const { size, isDirectory } = await statOf(handle);
  if (isDirectory) {
    await handle.close();
    throw new AlibiError('InvalidInput', {
      what: 'a folder, not a file of weights',
      where: path,
      remedy: 'Name the file in it, such as model.safetensors.',
    });
  }
  return {
    where: path,
    size,
    read: async (offset, length) => {
      assertRange({ where: path, size }, offset, length);
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
        if (bytesRead === 0) throw truncated(path, `ends at byte ${offset + done}`);
        done += bytesRead;
      }
      return bytes;
    },
    close: () => handle.close(),
  };
}

async function statOf(handle: FileHandle): Promise<{ readonly size: number; readonly isDirectory: boolean }> {
  const found = await handle.stat();
  return { size: found.size, isDirectory: found.isDirectory() };
}
