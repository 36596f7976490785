import { describeGolden } from './golden-tiny.ts';

describeGolden('webgpu', () => import('onnxruntime-web/webgpu'));
