/** A pickle that would run a shell command wherever it is loaded, in the form of each protocol. */
export const evil = {
  /** Protocol 0: all of it is plain text. */
  text: (command: string) => Buffer.from(`cposix\nsystem\n(S'${command}'\ntR.`),
  /** Protocol 1 and no mark at its start that tells it. */
  unmarked: (command: string) =>
    Buffer.concat([Buffer.from('(lq\x000cposix\nsystem\nq\x01'), shortText(command), Buffer.from('\x85R.', 'latin1')]),
  two: (command: string) =>
    Buffer.concat([bytes('\x80\x02cposix\nsystem\nq\x00X'), counted(command), bytes('q\x01\x85q\x02Rq\x03.')]),
  four: (command: string) => {
    const body = Buffer.concat([named('posix'), named('system'), bytes('\x93\x94'), named(command), bytes('\x85\x94R\x94.')]);
    return Buffer.concat([bytes('\x80\x04\x95'), eight(body.length), body]);
  },
  /** The instance opcode, which calls without REDUCE. */
  instance: (command: string) => Buffer.from(`(S'${command}'\niposix\nsystem\n.`),
  /** Code runs although the pickle breaks off right after. */
  breaksOff: (command: string) => Buffer.from(`cposix\nsystem\n(S'${command}'\ntR\xff\xff`, 'latin1'),
  /** A name that is put together by escapes. */
  escaped: (command: string) =>
    Buffer.concat([bytes("\x80\x04S'\\x70osix'\nS'sys\\164em'\n\x93"), named(command), bytes('\x85R.')]),
  /** A number that only Python reads so. */
  oddMemo: (command: string) => Buffer.from(`cposix\nsystem\np+1_0\n(S'${command}'\ntR.`),
};

/** A pickle of plain values, as `pickle.dumps({'a': [1, 2.0, None]}, 2)` makes it. */
export const plainPickle = Buffer.concat([
  bytes('\x80\x02}q\x00X'),
  counted('a'),
  bytes('q\x01]q\x02(K\x01G@\x00\x00\x00\x00\x00\x00\x00Nes.'),
]);

/** A pickle of a fitted estimator, as scikit-learn's are: a class, its state, and numpy's scalar types. */
export const estimatorPickle = Buffer.concat([
  bytes('\x80\x04'),
  named('sklearn.linear_model._logistic'),
  named('LogisticRegression'),
  bytes('\x93\x94)\x81\x94}\x94('),
  named('C'),
  bytes('G?\xf0\x00\x00\x00\x00\x00\x00'),
  named('n_iter'),
  named('numpy'),
  named('dtype'),
  bytes('\x93\x94'),
  named('f8'),
  bytes('\x89\x88\x87\x94R\x94ub.'),
]);

/** What joblib writes for an array: the wrapper's pickle, then raw numbers in the middle of it, then the rest. */
export const rawJoblib = Buffer.concat([
  bytes('\x80\x04'),
  named('joblib.numpy_pickle'),
  named('NumpyArrayWrapper'),
  bytes('\x93\x94)\x81\x94}\x94('),
  named('order'),
  named('C'),
  bytes('ub'),
  Buffer.alloc(32, 0xff),
  bytes('.'),
]);

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function shortText(text: string): Buffer {
  return Buffer.concat([bytes('U'), Buffer.from([text.length]), Buffer.from(text)]);
}

function named(text: string): Buffer {
  return Buffer.concat([bytes('\x8c'), Buffer.from([text.length]), Buffer.from(text), bytes('\x94')]);
}

function counted(text: string): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(text.length);
  return Buffer.concat([size, Buffer.from(text)]);
}

function eight(value: number): Buffer {
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(value));
  return size;
}
