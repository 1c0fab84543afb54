import { z } from 'zod';
import { ALLOWABLE, FAIL_AT, type Format, type ScanPolicy } from '../../domain/scan.js';
import { readSpki } from '../spki.js';
import { duration, name, section, text, whole } from './fields.js';

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;

const publicKey = text(1_000).refine((base64) => readSpki(base64) !== undefined, {
  error: 'must be a public ECDSA (P-256, P-384, P-521) or Ed25519 key: the base64 lines of its PEM file in one',
});
const codes = z.array(whole(0, 255)).min(1).max(256);
const exit = section({ clean: codes, found: codes }).refine(({ clean, found }) => !clean.some((code) => found.includes(code)), {
  error: 'gives an exit code two meanings',
});

/** What a policy says of security scans. */
export const scanSection = section({
  allow: z.array(z.enum(ALLOWABLE as [Format, ...Format[]])).max(ALLOWABLE.length),
  fail_at: z.enum(FAIL_AT),
  domains: z.array(text(200)).max(100),
  globals: z.array(text(300)).max(1_000),
  scanner: z.union([
    z.literal('none'),
    section({
      command: z.array(text(1_000)).min(1).max(50),
      exit,
      timeout: duration({ usual: 's', min: SECOND_MS, max: HOUR_MS }).prefault('60s'),
    }),
  ]),
  signatures: z.enum(['optional', 'required']),
  signing_keys: z.record(name, publicKey),
}) satisfies z.ZodType<ScanPolicy>;
