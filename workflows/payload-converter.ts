import { DefaultPayloadConverter } from '@temporalio/common';

/**
 * Whatever somebody wrote into Temporal decodes to something: bytes that mean nothing are undefined, which every reader
 * of messages turns away. An error here would fail the workflow task for ever, and the run could do nothing any more.
 */
class ForgivingPayloadConverter extends DefaultPayloadConverter {
  override fromPayload<T>(...given: Parameters<typeof DefaultPayloadConverter.prototype.fromPayload<T>>): T {
    try {
      return super.fromPayload<T>(...given);
    } catch {
      return undefined as T;
    }
  }
}

/** How payloads are read and written, under the name that the SDK looks for. */
export const payloadConverter = new ForgivingPayloadConverter();
