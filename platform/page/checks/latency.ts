import { readCurve } from '../../../domain/curves.js';
import { boundIn, numberIn, own } from '../figures.js';
import { html, NOTHING } from '../html.js';
import { distributionPlot } from '../plot/distribution.js';
import type { Draw } from './drawn.js';

const PERCENTILES = [
  ['p50', 0.5],
  ['p95', 0.95],
  ['p99', 0.99],
] as const;

/** How many predictions were answered within how long, with the percentiles and the limit. */
export const drawLatency: Draw = ({ measured, limit, curves }, { version }) => {
  const curve = readCurve(curves?.['latency_ms'] ?? '');
  const percentiles = PERCENTILES.flatMap(([name, share]) => {
    const ms = numberIn(own(measured, `${name}_ms`));
    return ms === undefined ? [] : [{ name, ms, share }];
  });
  const limitMs = boundIn(own(limit, 'p95_ms'))?.bound;
  if (!curve) return { markup: NOTHING, shown: [] };
  const words = percentiles.map(({ name, ms }) => `${name} ${ms} ms`).join(', ');
  const asked = limitMs === undefined ? '' : `; the limit for p95 is ${limitMs} ms`;
  const drawing = {
    id: 'latency-distribution',
    title: 'Latency of single predictions under load',
    description: `Latencies of ${version}: ${words}${asked}.`,
  };
  return { markup: html`<div class="drawings">${distributionPlot(drawing, { curve, percentiles, limitMs })}</div> `, shown: [] };
};
