import { describeGolden } from './golden-tiny.ts';

describeGolden('wasm', () => import('onnxruntime-web/wasm'));
