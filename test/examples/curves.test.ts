import { describe, expect, it } from 'vitest';
import { drawCurves } from '../../tools/examples/curves.ts';

const history = {
  loss: [0.4, 0.2, 0.15],
  val_loss: [0.25, 0.2, 0.19],
  accuracy: [0.88, 0.93, 0.95],
  val_accuracy: [0.93, 0.94, 0.945],
};

/** The texts of the chart, in order. */
const texts = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text!);

describe('drawCurves', () => {
  it('draws a panel for each metric, with both parts, and whole epochs', async () => {
    const svg = await drawCurves(history, { title: 'Ten digits', subtitle: 'MNIST', metrics: ['loss', 'accuracy'] });
    expect(svg).toMatch(/^<svg[^]*<\/svg>$/);
    expect(texts(svg)).toEqual(expect.arrayContaining(['Ten digits', 'MNIST', 'Loss', 'Accuracy', 'training']));
    expect(texts(svg).filter((text) => text === 'epoch')).toHaveLength(2);
    const ticks = texts(svg).filter((text) => /^\d+$/.test(text));
    expect(ticks).toEqual(['1', '2', '3', '1', '2', '3']);
    // two curves in each of two panels
    expect(svg.match(/aria-roledescription="line mark"/g)).toHaveLength(4);
  });

  it('draws what there is: one part, one epoch, a metric without values, a value that is not finite', async () => {
    const one = await drawCurves({ loss: [0.4] }, { title: 'One', metrics: ['loss', 'accuracy'] });
    expect(texts(one)).toEqual(expect.arrayContaining(['One', 'Loss', '1']));
    expect(texts(one)).not.toContain('Accuracy');
    await expect(drawCurves({ loss: [0.4, NaN, 0.2] }, { title: 'Gap', metrics: ['loss'] })).resolves.toContain('svg');
  });

  it('says what it has when there is nothing to draw', async () => {
    const drawn = drawCurves(history, { title: 'None', metrics: ['precision'] });
    await expect(drawn).rejects.toThrow('asked for precision; the history has loss, val_loss, accuracy, val_accuracy');
  });
});
