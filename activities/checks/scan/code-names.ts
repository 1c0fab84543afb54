import { FORMATS, type Format } from '../../../domain/scan.js';

/** Extensions of text that some program runs, or runs in part when it opens it. */
const CODE_EXTENSIONS: ReadonlySet<string> = new Set(
  [
    'py pyw pyi pyx pth ipynb sh bash zsh ksh csh fish bat cmd ps1 psm1 psd1 vbs wsf',
    'r rmd rprofile jl js mjs cjs jsx ts mts cts tsx pl pm rb lua php tcl awk groovy kts',
  ].flatMap((some) => some.split(' ')),
);

/** By what name scanners know a format; a zip with a pickle in it is what PyTorch writes. */
const SCANNED_AS: Readonly<Partial<Record<Format, string>>> = {
  zip: 'pt',
  npy: 'npy',
  pickle: 'pkl',
  joblib: 'joblib',
  hdf5: 'h5',
  savedmodel: 'pb',
};

/** Whether text under this name is taken for code; a name only ever makes a scan stricter. */
export function isCalledCode(name: string): boolean {
  return codeExtension(name) !== undefined;
}

/** What some bytes are, what is inside them, what of it is allowed and what they are called. */
export interface Taken {
  readonly seen: ReadonlySet<Format>;
  readonly within: ReadonlySet<Format>;
  readonly allow: readonly Format[];
  readonly name: string;
}

/**
 * The names under which bytes go to a scanner, none when nothing in them can run code or may. A packing around one stream
 * is never among them: scanners call what they cannot unpack clean, so they are given the stream itself.
 */
export function extensionsFor({ seen, within, allow, name }: Taken): string[] {
  const runs = (format: Format) => FORMATS[format] === 'code' && allow.includes(format);
  const code = [...seen].filter(runs);
  const whole: Format[] = seen.has('zip') && [...within].some(runs) ? ['zip'] : [];
  // Objects in an array are a pickle that scanners find behind the array's header only.
  const array = seen.has('npy') && code.includes('pickle');
  const formats = [...whole, ...code.map((format) => (array && format === 'pickle' ? 'npy' : format))];
  return [...new Set(formats.map((format) => (format === 'script' ? scriptAs(name) : (SCANNED_AS[format] ?? 'bin'))))];
}

function scriptAs(name: string): string {
  return codeExtension(name) ?? 'py';
}

function codeExtension(name: string): string | undefined {
  const extension = /\.(\w+)[. ]*$/.exec(name)?.[1]?.toLowerCase();
  return extension !== undefined && CODE_EXTENSIONS.has(extension) ? extension : undefined;
}
