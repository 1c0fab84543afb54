import { describe, expect, it } from 'vitest';
import {
  againstFormat,
  failing,
  FORMATS,
  isStandardDomain,
  SEVERITIES,
  type Format,
  type ScanFinding,
} from '../../domain/scan.js';

const found = SEVERITIES.toReversed().map((severity): ScanFinding => ({ severity, file: 'f', place: '', what: severity }));

describe('security scan: no finding at or above the policy’s severity (rules §2)', () => {
  it.each([
    ['critical', ['critical']],
    ['high', ['critical', 'high']],
    ['medium', ['critical', 'high', 'medium']],
    ['low', ['critical', 'high', 'medium', 'low']],
  ] as const)('at %s fails for exactly that and graver, the gravest first', (failAt, expected) => {
    expect(failing(found, failAt).map(({ severity }) => severity)).toEqual(expected);
  });
});

describe('formats that can run code are refused unless the policy allows them (rules §2)', () => {
  const code = (Object.keys(FORMATS) as Format[]).filter((format) => FORMATS[format] === 'code');

  it.each(code)('%s is critical, whatever severity decides, until it is allowed by name', (format) => {
    expect(
      againstFormat(
        format,
        code.filter((other) => other !== format),
      )?.severity,
    ).toBe('critical');
    expect(againstFormat(format, [format])).toBeUndefined();
  });

  it('what nobody looks into is critical even where it is named', () => {
    expect(againstFormat('sealed', ['sealed'])?.severity).toBe('critical');
  });

  it('text needs no leave, other data does', () => {
    expect(againstFormat('text', [])).toBeUndefined();
    expect(againstFormat('onnx', [])?.severity).toBe('high');
  });
});

it('only the domains of ONNX itself are standard', () => {
  const domains = ['', 'ai.onnx', 'ai.onnx.ml', 'ai.onnx.training', 'com.microsoft', 'ai.onnx.', 'AI.ONNX'];
  expect(domains.filter(isStandardDomain)).toEqual(['', 'ai.onnx', 'ai.onnx.ml', 'ai.onnx.training']);
});
