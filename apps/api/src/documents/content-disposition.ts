/**
 * The `Content-Disposition` value that shows a document in the browser under its own name (RFC 6266, RFC 8187):
 * an ASCII form for old clients and the exact name percent-encoded as UTF-8.
 */
export function inlineDisposition(fileName: string): string {
  const ascii = fileName.replace(/[^A-Za-z0-9._ -]/g, '_');
  return `inline; filename="${ascii}"; filename*=UTF-8''${encodeExtended(fileName)}`;
}

/** encodeURIComponent leaves `'()*` alone, which RFC 8187 does not allow, and throws on half a surrogate pair. */
function encodeExtended(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
