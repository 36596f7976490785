import { expect } from 'chai';
import { relativeError } from '../../plugin/src/encoder/self-test.ts';
import { selfTestImage } from '../../plugin/src/encoder/self-test-input.ts';
import { describePrecisions, openServed, reference, served } from './precisions.ts';

describe('a checkpoint of several precisions in Chromium', () => {
  it('WASM takes int8, reads that graph alone, and computes what the weights say', async () => {
    const reader = await served(['fp32', 'fp16', 'fp16-arithmetic', 'int8', 'int8-dynamic']);
    const { encoder, graph, report } = await openServed(reader);
    expect(graph.precision).to.equal('int8');
    expect(reader.asked).to.deep.equal(['manifest.json', 'self-test.bin', 'int8.onnx']);
    expect(report.refused).to.deep.equal([]);
    expect(report.selfTestError).to.be.within(1e-3, 2e-2);
    const image = selfTestImage(8, 28, 70);
    const { tokens } = await encoder.run(image, 28, 70, {});
    await encoder.close();
    const wanted = await reference(image, 28, 70);
    const tokenMajor = tokens.map((_, i) => wanted[(i % 24) * 10 + Math.floor(i / 24)] ?? Number.NaN);
    expect(relativeError(tokens, tokenMajor)).to.be.below(2e-2);
  });

  it('WASM takes int8-dynamic where the manifest has it measured as faster', async () => {
    const figure = { name: 'time relative to fp32', value: 0.5, command: 'test' } as const;
    const measured = [{ ...figure, precision: 'int8-dynamic' as const, provider: 'wasm' as const }];
    const reader = await served(['fp32', 'int8', 'int8-dynamic'], { measured });
    const { encoder, graph, report } = await openServed(reader);
    await encoder.close();
    expect(graph.precision).to.equal('int8-dynamic');
    expect(report.selfTestError).to.be.below(2e-2);
  });

  it('a graph whose self-test fails is reported, and the next is taken', async () => {
    // 4 bits, smallest and measured as fastest, are a relative error of 0.13.
    const figure = { name: 'time relative to fp32', value: 0.5, command: 'test' } as const;
    const measured = [{ ...figure, precision: 'int4' as const, provider: 'wasm' as const }];
    const reader = await served(['fp32', 'int8', 'int4'], { measured });
    const { encoder, graph, report } = await openServed(reader);
    await encoder.close();
    expect(graph.precision).to.equal('int8');
    expect(report.refused).to.have.length(1);
    expect(report.refused[0]).to.include({ provider: 'wasm-threads', graph: 'int4.onnx' });
    expect(report.refused[0]?.reason).to.match(/^self-test: relative error 0\.1\d+ is above 0\.02$/);
    expect(reader.asked).to.deep.equal(['manifest.json', 'self-test.bin', 'int4.onnx', 'int8.onnx']);
  });

  it('a forced graph runs where it is asked for, and only there', async () => {
    const reader = await served(['int4', 'fp32'], { tolerance: 0.2 });
    const { encoder, graph } = await openServed(reader);
    await encoder.close();
    expect(graph.precision).to.equal('fp32');
    const asked = await openServed(reader, { precision: 'int4' });
    await asked.encoder.close();
    expect(asked.graph.precision).to.equal('int4');
  });
});

describePrecisions('wasm-threads');
