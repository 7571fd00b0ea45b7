/**
 * A mail as its reader sees it: subject and body as one text. Of the headers only those that tell how the body is
 * encoded are looked at besides; who sent it, by what way and when is left out.
 */
import PostalMime from 'postal-mime';

/** Subject, a line break, body. A body that is only there as HTML loses its tags. */
export async function readMail(source: string): Promise<string> {
  const { subject = '', text, html } = await PostalMime.parse(source);
  const body = text?.trim() ? text : htmlToText(html ?? '');
  return `${subject}\n${body}`;
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/** What a page says: without tags, scripts, styles and comments. Good enough to count words by. */
export function htmlToText(html: string): string {
  return html
    .replace(/<(script|style)\b[^]*?<\/\1\s*>|<!--[^]*?-->/gi, ' ')
    .replace(/<[^<>]*>/g, ' ')
    .replace(/&#(\d{1,7});/g, (whole, number: string) => codePoint(Number(number)) ?? whole)
    .replace(/&(\w+);/g, (whole, name: string) => named[name.toLowerCase()] ?? whole)
    .replace(/[^\S\n]+/g, ' ')
    .trim();
}

function codePoint(number: number): string | undefined {
  return number <= 0x10ffff ? String.fromCodePoint(number) : undefined;
}
