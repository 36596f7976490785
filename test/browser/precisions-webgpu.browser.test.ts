import { describePrecisions } from './precisions.ts';

describePrecisions('webgpu');
