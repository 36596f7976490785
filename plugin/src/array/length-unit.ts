/** Micrometres in one unit, by UDUNITS name. */
const micrometers: Readonly<Record<string, number>> = {
  angstrom: 1e-4,
  picometer: 1e-6,
  nanometer: 1e-3,
  micrometer: 1,
  millimeter: 1e3,
  centimeter: 1e4,
  decimeter: 1e5,
  meter: 1e6,
  inch: 25_400,
};

/** Micrometres in one `unit`, a UDUNITS name as OME-Zarr writes it; undefined where it is none of length that we know. */
export function micrometersPer(unit: string | undefined): number | undefined {
  return micrometers[unit ?? ''];
}
