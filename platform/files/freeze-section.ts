import { closest, distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { neverOpens, wrongWindow } from '../../domain/freeze-window.js';
import { LATER_SECTIONS } from '../../domain/policy-sections.js';
import { isZone } from '../../domain/zone.js';
import { section, text } from './fields.js';
import { quoted } from './quoted.js';

const zone = text(64).superRefine((written, context) => {
  if (isZone(written)) return;
  const nearest = closest(written, ['UTC', ...Intl.supportedValuesOf('timeZone')]);
  const isNear = distance(written, nearest) <= Math.max(2, nearest.length / 3);
  const next = isNear ? `did you mean ${nearest}?` : 'write one such as Europe/Berlin or UTC';
  context.addIssue({ code: 'custom', message: `${quoted(written)} is no time zone of the IANA data base; ${next}` });
});

const window = section({ from: text(16), to: text(16) }).superRefine((written, context) => {
  const message = wrongWindow(written);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

/** A policy's recurring freezes: windows that can be read, on the clocks of a zone there is, with time left to promote in. */
export const freezeSection = section({
  zone: zone.default(LATER_SECTIONS.freeze.zone),
  windows: z
    .array(window)
    .max(50)
    .default([...LATER_SECTIONS.freeze.windows])
    .superRefine((windows, context) => {
      if (windows.some((each) => wrongWindow(each) !== undefined) || !neverOpens({ zone: 'UTC', windows })) return;
      const message = 'leave no time in some week or year in which anything could be promoted';
      context.addIssue({ code: 'custom', message, params: { kind: 'rule' } });
    }),
});
