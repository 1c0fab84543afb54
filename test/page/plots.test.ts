import { describe, expect, it } from 'vitest';
import { textOf } from '../../platform/page/html.js';
import { distributionPlot } from '../../platform/page/plot/distribution.js';
import { intervalPlot } from '../../platform/page/plot/intervals.js';
import { rocPlot } from '../../platform/page/plot/roc.js';
import { sharePlot } from '../../platform/page/plot/shares.js';

const drawing = { id: 'a', title: 'A drawing', description: 'What it shows.' };

/** The points of the path of a kind. */
function pathOf(svg: string, kind: string): number[][] {
  const path = new RegExp(`<path class="${kind}" d="M([^"]*)"`).exec(svg)?.[1] ?? '';
  return path.split('L').map((point) => point.split(',').map(Number));
}

/** The lines of a kind, each from where to where. */
function linesOf(svg: string, kind: string): number[][] {
  const lines = [...svg.matchAll(new RegExp(`<line class="${kind}" x1="(.*?)" y1="(.*?)" x2="(.*?)" y2="(.*?)"`, 'g'))];
  return lines.map(([, ...ends]) => ends.map(Number));
}

function pointsOf(svg: string): number[][] {
  return [...svg.matchAll(/<circle class="point" cx="(.*?)" cy="(.*?)"/g)].map(([, ...place]) => place.map(Number));
}

/** Where a figure is written beside an axis. */
function tickAt(svg: string, words: string): number {
  return Number(new RegExp(`<text class="quiet" x="([^"]*)"[^>]*text-anchor="middle">${words}<`).exec(svg)?.[1]);
}

describe('a ROC curve', () => {
  const [left, right, top, bottom] = [44, 338, 30, 324];
  const points = [
    [0, 0],
    [0, 0.5],
    [0.25, 0.75],
    [1, 1],
  ] as const;

  it('begins at the lower left, ends at the upper right, and has every point in its place', () => {
    const svg = textOf(rocPlot(drawing, [{ name: '1.4.0', points }]));
    expect(pathOf(svg, 'first')).toEqual([
      [left, bottom],
      [left, (top + bottom) / 2],
      [left + (right - left) / 4, bottom - ((bottom - top) * 3) / 4],
      [right, top],
    ]);
    expect(linesOf(svg, 'chance')[0]).toEqual([left, bottom, right, top]);
    expect(tickAt(svg, '100 %')).toBe(right);
  });

  it('draws two curves as two kinds of line, each with its name, and marks where the model works', () => {
    const curves = [
      { name: '1.4.0, area 0.98', points },
      { name: '1.2.0, area 0.97', points: [...points].slice(1) },
    ];
    const svg = textOf(rocPlot(drawing, curves, { falsePositiveRate: 0.5, truePositiveRate: 1 }));
    expect(pathOf(svg, 'first')).toHaveLength(4);
    expect(pathOf(svg, 'second')).toHaveLength(3);
    expect(svg).toContain('1.4.0, area 0.98</text>');
    expect(svg).toContain('1.2.0, area 0.97</text>');
    expect(pointsOf(svg)[0]).toEqual([(left + right) / 2, top]);
  });

  it('is a picture with a name and a description for those who do not see it', () => {
    const svg = textOf(rocPlot(drawing, [{ name: '1.4.0', points }]));
    expect(svg).toMatch(/<svg\s[^>]*role="img"[^>]*aria-labelledby="a-title a-text"/s);
    expect(svg).toContain('<title id="a-title">A drawing</title>');
    expect(svg).toContain('<desc id="a-text">What it shows.</desc>');
  });
});

describe('a distribution', () => {
  const curve = [
    [1, 0.01],
    [10, 0.5],
    [100, 1],
  ] as const;
  const percentiles = [
    { name: 'p50', ms: 10, share: 0.5 },
    { name: 'p95', ms: 50, share: 0.95 },
  ];

  it('has equal factors at equal distances, and its points on the curve', () => {
    const svg = textOf(distributionPlot(drawing, { curve, percentiles, limitMs: 100 }));
    const [one, ten, hundred] = pathOf(svg, 'first').map(([x = 0]) => x) as [number, number, number];
    expect(ten - one).toBeCloseTo(hundred - ten, 1);
    expect(pointsOf(svg)[0]).toEqual(pathOf(svg, 'first')[1]);
    expect(linesOf(svg, 'limit')[0]?.[0]).toBeCloseTo(hundred, 1);
    expect(tickAt(svg, '10')).toBeCloseTo(ten, 1);
    expect(svg).toContain('p95 50 ms</text>');
    expect(svg).toContain('p95 limit 100 ms</text>');
  });

  it.each([
    ['far over its limit', { curve, percentiles, limitMs: 0.01 }],
    ['without a limit', { curve, percentiles, limitMs: undefined }],
    [
      'of one latency',
      {
        curve: [
          [5, 0.01],
          [5, 1],
        ] as const,
        percentiles: [],
        limitMs: 5,
      },
    ],
    [
      'too fast for the clock',
      {
        curve: [
          [0, 0.01],
          [0, 1],
        ] as const,
        percentiles: [{ name: 'p50', ms: 0, share: 0.5 }],
        limitMs: 0,
      },
    ],
  ])('can be drawn %s', (_, distribution) => {
    expect(textOf(distributionPlot(drawing, distribution))).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('intervals', () => {
  it('lie where their figures are on one axis, with the limit in its place', () => {
    const rows = [
      { title: 'accuracy', figure: 0.9, interval: { low: 0.8, high: 1 }, limit: { at: 0.85, words: 'limit >= 0.85' } },
      { title: 'ROC AUC', figure: 0.95, interval: undefined, limit: undefined },
    ];
    const svg = textOf(intervalPlot(drawing, rows, { low: 0, high: 1 }));
    const [low, high] = [tickAt(svg, '0.80'), tickAt(svg, '1.00')];
    expect(pointsOf(svg).map(([x]) => x)).toEqual([(low + high) / 2, low + (high - low) * 0.75]);
    expect(linesOf(svg, 'first')[0]).toEqual([low, 38, high, 38]);
    expect(linesOf(svg, 'limit')[0]?.[0]).toBeCloseTo(low + (high - low) / 4, 1);
  });

  it('can be drawn of one figure without anything', () => {
    const svg = textOf(intervalPlot(drawing, [{ title: 'x', figure: 1, interval: undefined, limit: undefined }]));
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('shares of a limit', () => {
  it('are as long as the figure is of its limit, and marked when they are over it', () => {
    const svg = textOf(
      sharePlot(drawing, [
        { words: 'half', share: 0.5 },
        { words: 'twice', share: 2 },
        { words: 'nothing', share: 0 },
      ]),
    );
    const bars = [...svg.matchAll(/<rect class="(bar|over)"[^>]*width="(.*?)"/gs)].map(
      ([, kind, width]) => [kind, Number(width)] as const,
    );
    const whole = linesOf(svg, 'limit')[0]?.[0] ?? 0;
    expect(bars[0]?.[0]).toBe('bar');
    expect(bars[0]?.[1]).toBeCloseTo((whole - 14) / 2, 1);
    expect(bars[1]?.[0]).toBe('over');
    expect(bars[1]?.[1]).toBeCloseTo((whole - 14) * 2, 1);
    expect(bars[2]?.[1]).toBeGreaterThan(0);
  });
});
