import { MailError, sendMail } from '../mail.js';
import { isMailAddress, type MailServer } from '../mail-server.js';
import { asMail } from '../message/as-mail.js';
import type { Message } from '../message/message.js';
import { ChannelError, DEADLINE_MS, type Sender } from './sender.js';

/** More addresses than this are a mailing list's business. */
const MOST_ADDRESSES = 100;

/** Mails in text and HTML, one for each message, to everybody whom its audience comes to. */
export function emailSender(server: MailServer, withinMs = DEADLINE_MS): Sender {
  return {
    name: 'email',
    place: `${server.host}:${server.port}`,
    async send(message: Message) {
      const to = [...new Set(message.to.emails.filter(isMailAddress))].slice(0, MOST_ADDRESSES);
      if (to.length === 0) throw new ChannelError('nobody of its audience has an e-mail address', true);
      try {
        await sendMail(server, asMail(message, { to, from: server.from }), withinMs);
        return to.join(', ');
      } catch (error) {
        if (!(error instanceof MailError)) throw error;
        // To send it again would repeat it for everybody who has it.
        if (error.answered.isPartial) return `some of ${to.join(', ')}; the mail server takes none for the others`;
        throw errorOf(error);
      }
    },
  };
}

/** What a mail server says is its own text, which may name people. */
function errorOf({ refusal, answered }: MailError): ChannelError {
  if (answered.isFinal) return new ChannelError('the mail server will not take this message for anybody', true);
  const why = refusal.kind === 'identity' ? 'refuses the login' : 'does not answer, or does not take the message now';
  return new ChannelError(`the mail server ${why}`, false);
}
