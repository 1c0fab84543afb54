import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { timeout } from 'hono/timeout';
import { z } from 'zod';
import { MODEL_NAME } from '../../domain/ids.js';
import { faultAsked } from './faults.js';
import { rowOf } from './features.js';
import { healthOf } from './health.js';
import { predict, type Traces } from './predict.js';
import type { Served } from './served.js';

const BODY_BYTES = 1_000_000;
const DEADLINE_MS = 30_000;
/** A page in a browser that reaches this address by a name of its own is none of ours. */
const OUR_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

const predictAsked = z.strictObject({ features: z.unknown() });
const labelled = z.strictObject({ id: z.uuid(), label: z.literal([0, 1]) });

/** The endpoint's HTTP side: predictions, late labels, health, metrics and faults; every refusal is one line of JSON. */
export function endpointApp(served: Served, traces: Traces): Hono {
  const app = new Hono();
  const tooLarge = () => refuse(413, `the body is larger than ${BODY_BYTES} bytes`);
  app.use(async (c, next) => {
    if (!OUR_HOST.test(c.req.header('host') ?? '')) refuse(403, 'this endpoint answers on this machine alone');
    await next();
  });
  app.use(timeout(DEADLINE_MS, () => new HTTPException(504, { message: `no answer within ${DEADLINE_MS / 1_000} s` })));
  app.use(bodyLimit({ maxSize: BODY_BYTES, onError: tooLarge }));
  app.onError((error, c) => {
    const known = error instanceof HTTPException;
    const status = known ? error.status : 500;
    if (status === 503) c.header('Retry-After', '1');
    return c.json({ error: known ? error.message : 'the endpoint failed; see its log' }, status);
  });
  app.notFound((c) => c.json({ error: 'there is nothing here; see GET /health' }, 404));

  app.post('/models/:model/predict', async (c) => {
    const { features } = await body(c, predictAsked);
    const loaded = await toServe(c, served);
    const row = rowOf(features, loaded.features);
    if (typeof row === 'string') return refuse(400, row);
    const answer = await predict(loaded, row, traces);
    return answer ? c.json(answer) : refuse(500, `${loaded.model} ${loaded.version} failed`);
  });
  app.post('/models/:model/labels', async (c) => {
    const { id, label } = await body(c, labelled);
    const made = traces.labels.find(id);
    if (made && made.model !== c.req.param('model')) refuse(404, `the prediction ${id} is another model's`);
    if (made?.truth !== undefined && made.truth !== label) refuse(409, `the prediction ${id} has another label already`);
    if (made && made.truth === undefined) {
      made.truth = label;
      traces.metrics.labelled(made, label, made.predicted);
    }
    traces.log.label({ id, truth: label });
    return c.body(null, 204);
  });
  app.get('/health', async (c) => c.json(await healthOf(served, traces)));
  app.get('/metrics', async (c) => {
    const { body: text, contentType } = await traces.metrics.text();
    return c.body(text, 200, { 'Content-Type': contentType });
  });
  app.get('/faults', (c) => c.json({ faults: traces.faults.list() }));
  app.post('/faults', async (c) => {
    const asked = await body(c, faultAsked);
    const version = asked.version ?? served.slot(asked.model, 'production')?.serving()?.version;
    if (version === undefined) return refuse(404, `nothing is served of ${asked.model.slice(0, 64)}; name a version`);
    traces.faults.switch(version, asked);
    return c.json({ faults: traces.faults.list() });
  });
  return app;
}

/** The version that answers, or why none does. */
async function toServe(c: Context, served: Served) {
  const model = c.req.param('model') ?? '';
  const { stage = 'production', version } = c.req.query();
  if (!MODEL_NAME.test(model)) refuse(404, 'no model has such a name');
  if (stage !== 'production' && stage !== 'staging') return refuse(400, 'stage: production or staging');
  const slot = served.slot(model, stage, version);
  if (!slot && stage === 'production') return refuse(404, `nothing points to ${model}`);
  const hold = await served.hold(model);
  if (hold) return refuse(503, `${model} is held by ${hold.by}: ${hold.reason}`);
  const loaded = slot?.serving();
  if (loaded && (version === undefined || version === loaded.version)) return loaded;
  if (loaded) return refuse(404, `${model} ${version} is not in ${stage}`);
  const why = slot?.problem() ?? (slot ? 'it is being loaded' : 'it is looked for; where several are there, name the version');
  return refuse(503, `no version of ${model} in ${stage} is served: ${why}`);
}

async function body<T>(c: Context, form: z.ZodType<T>): Promise<T> {
  const type = c.req.header('content-type') ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) refuse(415, 'application/json is needed');
  const given: unknown = await c.req.json().catch((error: unknown) => {
    if (error instanceof HTTPException || !(error instanceof SyntaxError)) throw error;
    return refuse(400, 'the body is not JSON');
  });
  const parsed = form.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return refuse(400, `${issue?.path.join('.') || 'the body'}: ${issue?.message ?? 'is not what is expected'}`);
}

function refuse(status: 400 | 403 | 404 | 409 | 413 | 415 | 500 | 503, message: string): never {
  throw new HTTPException(status, { message });
}
