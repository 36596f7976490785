import { AlibiError } from 'alibi-zarr/checkpoint';
import type { DataSource } from 'alibi-zarr-schemas';
import type { PictureSource } from './sources.ts';

export async function openZarrPictures(
  location: string,
  _source: DataSource,
  _signal: AbortSignal,
): Promise<Omit<PictureSource, 'weight'>> {
  throw new AlibiError('UnsupportedFormat', {
    what: 'OME-Zarr is not read yet',
    where: location,
    remedy: '',
  });
}
