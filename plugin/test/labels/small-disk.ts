import { spawnSync } from 'node:child_process';

const run = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;

/** Make a folder a disk of its own in memory, of so many kB in pages of 4; @returns whether that could be done: it takes root */
export function mountSmallDisk(folder: string, kilobytes: number): boolean {
  return run('mount', '-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', folder);
}

export function unmountDisk(folder: string): void {
  run('umount', folder);
}
