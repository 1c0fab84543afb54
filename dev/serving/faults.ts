import { z } from 'zod';

const share = z.number().gt(0).max(1).default(1);
const of = { model: z.string(), version: z.string().optional() };

/** What somebody switches on or off; without a version it is meant for the one in production. */
export const faultAsked = z.discriminatedUnion('fault', [
  z.strictObject({ ...of, fault: z.literal('none') }),
  z.strictObject({ ...of, fault: z.literal('slow'), ms: z.number().min(1).max(20_000).default(700) }),
  z.strictObject({ ...of, fault: z.literal('failing'), share }),
  z.strictObject({ ...of, fault: z.literal('drifting'), by: z.number().min(-100).max(100).default(0.1) }),
  z.strictObject({ ...of, fault: z.literal('inaccurate'), share }),
]);
export type FaultAsked = z.output<typeof faultAsked>;

/** How one version misbehaves, for showing what the watch makes of it; it is the version's own, so another one is good. */
export interface Misbehaviour {
  /** How much longer each answer takes; milliseconds. */
  readonly slow?: number;
  /** The share of predictions that fail. */
  readonly failing?: number;
  /** By which part of its size each feature is moved before model and log see it. */
  readonly drifting?: number;
  /** The share of predictions that are answered with the other class. */
  readonly inaccurate?: number;
}

/** The faults that are on, by model and version. */
export interface Faults {
  switch(version: string, asked: FaultAsked): void;
  of(model: string, version: string): Misbehaviour;
  list(): readonly ({ readonly model: string; readonly version: string } & Misbehaviour)[];
}

/** Faults that nothing but a restart forgets. */
export function makeFaults(): Faults {
  const on = new Map<string, { model: string; version: string } & Misbehaviour>();
  const keyOf = (model: string, version: string) => `${model} ${version}`;
  return {
    switch(version, asked) {
      const { model } = asked;
      const key = keyOf(model, version);
      if (asked.fault === 'none') on.delete(key);
      else on.set(key, { ...on.get(key), model, version, ...misbehaviourOf(asked) });
    },
    of: (model, version) => on.get(keyOf(model, version)) ?? {},
    list: () => [...on.values()],
  };
}

/** A row as a version that drifts sees it: each value moved by a part of its size. */
export function drifted(row: Float32Array, { drifting }: Misbehaviour): Float32Array {
  return drifting === undefined ? row : row.map((value) => value + drifting * Math.abs(value));
}

function misbehaviourOf(asked: Exclude<FaultAsked, { fault: 'none' }>): Misbehaviour {
  switch (asked.fault) {
    case 'slow':
      return { slow: asked.ms };
    case 'failing':
      return { failing: asked.share };
    case 'drifting':
      return { drifting: asked.by };
    case 'inaccurate':
      return { inaccurate: asked.share };
  }
}
