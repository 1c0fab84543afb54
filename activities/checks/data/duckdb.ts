import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';

/** What one profile may use of the machine. */
export interface Allowance {
  readonly memoryMb: number;
  readonly threads: number;
  readonly spillMb: number;
}

/** A row of an answer; whole numbers beyond 32 bits come as text. */
export type Row = Readonly<Record<string, string | number | boolean | null>>;

/** A fault of the data file itself, so that reading it again would find the same. */
export class DataFault extends Error {}

const FAULTS = /^(Invalid Input|Invalid|Conversion|Serialization|Out of Range) Error: /;

/** A database in memory, in which queries answer their rows. */
export interface Database {
  query(sql: string): Promise<Row[]>;
  /** The only row of an answer. */
  row(sql: string): Promise<Row>;
  /** The first column of an answer, all texts, some rows at a time and no faster than they are taken. */
  texts(sql: string): AsyncGenerator<string[]>;
}

/**
 * Opens a database that spills into a directory, reads the named files and no other, writes none, and fetches no extension.
 * What it says against a file is thrown as a `DataFault`.
 */
export async function openDatabase(files: readonly string[], directory: string, allowance: Allowance): Promise<Database> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(allowance.threads),
    memory_limit: `${allowance.memoryMb}MB`,
    temp_directory: directory,
    max_temp_directory_size: `${allowance.spillMb}MB`,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  });
  const connection = await instance.connect();
  await connection.run(`SET allowed_paths = [${files.map(textLiteral).join(', ')}]`);
  await connection.run('SET enable_external_access = false');
  await connection.run('SET lock_configuration = true');
  const query = (sql: string): Promise<Row[]> => rowsOf(connection, sql);
  return {
    query,
    texts: (sql) => textsOf(connection, sql),
    async row(sql) {
      const [row] = await query(sql);
      if (!row) throw new Error('a query answered no row');
      return row;
    },
  };
}

/** A text as SQL writes it. */
export function textLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

async function rowsOf(connection: DuckDBConnection, sql: string): Promise<Row[]> {
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson() as Row[];
  } catch (problem) {
    throw faultOr(problem);
  }
}

async function* textsOf(connection: DuckDBConnection, sql: string): AsyncGenerator<string[]> {
  try {
    for await (const rows of (await connection.stream(sql)).yieldRows()) yield rows.map(([text]) => String(text));
  } catch (problem) {
    throw faultOr(problem);
  }
}

function faultOr(problem: unknown): unknown {
  const message = problem instanceof Error ? problem.message : String(problem);
  return FAULTS.test(message) ? new DataFault(faultText(message)) : problem;
}

const KINDS = [
  [
    /Expected Number of Columns: (\d+) Found: (\d+)/,
    (_: string, asked: string, found: string) => `has ${found} values, the header has ${asked}`,
  ],
  [/unterminated quote/, () => 'has a quote that does not end, or text after one'],
  [/Invalid unicode|not utf-8/i, () => 'is not UTF-8'],
  [/Maximum line size of (\d+) bytes/, (_: string, most: string) => `is longer than ${most} bytes`],
] as const;

/** What is wrong with a file, without the line itself, which can be long and is somebody's data. */
function faultText(message: string): string {
  const line = /CSV Error on Line: (\d+)/.exec(message)?.[1];
  if (line === undefined)
    return (message.split('\n')[0] ?? '')
      .replace(FAULTS, '')
      .replace(/file '[^']*'/g, 'the file')
      .slice(0, 300);
  // The engine's own words come after the line.
  const words = message.slice(-2_000);
  const known = KINDS.flatMap(([pattern, say]) => {
    const match = pattern.exec(words);
    return match ? [say(match[0], match[1] ?? '', match[2] ?? '')] : [];
  });
  return `line ${line} ${known.at(-1) ?? 'cannot be read as CSV'}`;
}
