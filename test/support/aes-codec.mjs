// A payload codec as an installation would write its own: AES-256-GCM, the key from the environment.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import proto from '@temporalio/proto';

const { Payload } = proto.temporal.api.common.v1;
const ENCODING = Buffer.from('binary/encrypted');
const key = Buffer.from(process.env.CODEC_KEY ?? '', 'hex');

const encrypt = (payload) => {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  const data = Buffer.concat([iv, cipher.update(Payload.encode(payload).finish()), cipher.final(), cipher.getAuthTag()]);
  return { metadata: { encoding: ENCODING }, data };
};

const decrypt = (payload) => {
  if (Buffer.compare(payload.metadata?.encoding ?? Buffer.alloc(0), ENCODING) !== 0) return payload;
  const data = Buffer.from(payload.data);
  const cipher = createDecipheriv('aes-256-gcm', key, data.subarray(0, 12));
  cipher.setAuthTag(data.subarray(-16));
  return Payload.decode(Buffer.concat([cipher.update(data.subarray(12, -16)), cipher.final()]));
};

export const payloadCodecs = [
  { encode: async (payloads) => payloads.map(encrypt), decode: async (payloads) => payloads.map(decrypt) },
];
