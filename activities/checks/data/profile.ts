import type { DataProfile, FileRead, RowFigures } from '../../../domain/data-profile.js';
import type { ProfiledFile, ProfileRequest } from '../../ports.js';
import { openDataFile, type DataFile } from './data-file.js';
import { looseValue, strictValue, type AskedColumn } from './columns.js';
import { DataFault, openDatabase, type Allowance, type Database } from './duckdb.js';
import { countRows } from './figures.js';
import { hasColumns, rowsOf } from './rows.js';
import { countDuplicates, countShared, hashRows } from './same-rows.js';

/** Profiles a training set beside its hold-out set, spilling into a directory; throws what is no fault of one of the files. */
export async function profile(request: ProfileRequest, directory: string, allowance: Allowance): Promise<DataProfile> {
  const { features, training, holdout } = request;
  const database = await openDatabase([training.path, holdout.path], directory, allowance);
  const { engine } = await database.row(`SELECT 'DuckDB ' || version() AS engine`);
  const first = await read(database, training, features, async (file) => {
    const counted = await figuresOf(database, file, { features, label: training.label, name: 'training' });
    return { ...counted, duplicates: await countDuplicates(database) };
  });
  const needed = features.map(({ name, type }) => ({ name, type, required: true }));
  const second = await read(database, holdout, features, (file) =>
    figuresOf(database, file, { features: needed, label: holdout.label, name: 'holdout' }),
  );
  return {
    engine: String(engine),
    training: first.read,
    holdout: second.read,
    figures: first.asked ? first.answer : null,
    holdoutFigures: second.asked ? second.answer : null,
    overlap: first.asked && second.asked ? await countShared(database) : null,
  };
}

/** What was asked of a file is answered when it has the columns, and can be read to its end. */
type Read<T> = { readonly read: FileRead } & ({ readonly asked: true; readonly answer: T } | { readonly asked: false });

async function read<T>(
  database: Database,
  { path, label }: ProfiledFile,
  features: ProfileRequest['features'],
  ask: (file: DataFile) => Promise<T>,
): Promise<Read<T>> {
  try {
    const file = await openDataFile(database, path);
    const shape: FileRead = { ok: true, shape: file.shape };
    if (!hasColumns(file, features, label)) return { read: shape, asked: false };
    return { read: shape, asked: true, answer: await ask(file) };
  } catch (problem) {
    if (!(problem instanceof DataFault)) throw problem;
    return { read: { ok: false, fault: problem.message }, asked: false };
  }
}

interface Counted {
  readonly features: readonly AskedColumn[];
  readonly label: ProfiledFile['label'];
  readonly name: 'training' | 'holdout';
}

async function figuresOf(database: Database, file: DataFile, { features, label, name }: Counted): Promise<RowFigures> {
  const ofFeatures = features.map((column, at) => ({ ...column, raw: `r${at}`, value: `v${at}` }));
  const asked = { required: name === 'holdout', ...(label.positive === null && { values: ['0', '1'] }) };
  const ofLabel = { name: label.name, type: 'string', raw: 'label', value: 'label', ...asked };
  const rows = (valueOf: typeof looseValue) => rowsOf(file, { features, label, valueOf });
  const counted = await countRows(database, rows(strictValue), [...ofFeatures, ofLabel]);
  await hashRows(database, name, { rows: rows(looseValue), features });
  return counted;
}
