/**
 * Labels of the dots in the roofline picture, as many as fit: the fastest case first, each to the right of its dot, to
 * its left, or omitted. The table names all cases.
 */
import { svg } from './element.ts';
import type { Dot } from './roofline.ts';
import type { Frame } from './scale.ts';

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const characterWidth = 6.2;
const lineHeight = 13;
const gap = 9;

/** Narrower pictures are too crowded for labels. */
const leastWidth = 600;

export function labelDots(frame: Frame, dots: readonly Dot[]): SVGElement[] {
  if (frame.width < leastWidth) return [];
  const taken = dots.map((dot) => boxAt(frame.x(dot.x), frame.y(dot.y), 6));
  return [...dots]
    .sort((a, b) => b.y - a.y)
    .flatMap((dot) => {
      const text = dot.suite === 'matmul' ? dot.name.split(' ')[0]! : dot.name;
      const [x, y] = [frame.x(dot.x), frame.y(dot.y)];
      const length = text.length * characterWidth;
      for (const [from, anchor] of [[x + gap, 'start'] as const, [x - gap - length, 'end'] as const]) {
        const box = { left: from, right: from + length, top: y - lineHeight / 2, bottom: y + lineHeight / 2 };
        if (box.right > frame.width - frame.right || box.left < frame.left || taken.some((other) => meet(box, other))) {
          continue;
        }
        taken.push(box);
        const at = { x: anchor === 'start' ? x + gap : x - gap, y: y + 4, 'text-anchor': anchor };
        return [svg('text', { class: 'dot-label', ...at }, text)];
      }
      return [];
    });
}

const boxAt = (x: number, y: number, size: number): Box => ({
  left: x - size,
  right: x + size,
  top: y - size,
  bottom: y + size,
});

const meet = (a: Box, b: Box): boolean => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
