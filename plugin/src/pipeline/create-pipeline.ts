import { axisIndex, type LazyArray, type LazyPyramid } from '../array/lazy-array.ts';
import type { Encoder, Normalisation, ProviderReport } from '../encoder/encoder.ts';
import type { Pipeline } from './pipeline.ts';
