// A payload codec as an installation would write its own: AES-256-GCM, the key from the environment.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const ENCODING = Buffer.from('binary/encrypted');
const key = Buffer.from(process.env.CODEC_KEY ?? '', 'hex');

const textOf = ({ metadata = {}, data = [] }) =>
  JSON.stringify({
    metadata: Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
    data: Buffer.from(data).toString('base64'),
  });

const payloadOf = (text) => {
  const { metadata, data } = JSON.parse(text);
  return {
    metadata: Object.fromEntries(metadata.map(([name, value]) => [name, Buffer.from(value, 'base64')])),
    data: Buffer.from(data, 'base64'),
  };
};

const encrypt = (payload) => {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  const data = Buffer.concat([iv, cipher.update(textOf(payload)), cipher.final(), cipher.getAuthTag()]);
  return { metadata: { encoding: ENCODING }, data };
};

const decrypt = (payload) => {
  if (!ENCODING.equals(Buffer.from(payload.metadata?.encoding ?? []))) return payload;
  const data = Buffer.from(payload.data);
  const cipher = createDecipheriv('aes-256-gcm', key, data.subarray(0, 12));
  cipher.setAuthTag(data.subarray(-16));
  return payloadOf(Buffer.concat([cipher.update(data.subarray(12, -16)), cipher.final()]).toString());
};

export const payloadCodecs = [
  { encode: async (payloads) => payloads.map(encrypt), decode: async (payloads) => payloads.map(decrypt) },
];
