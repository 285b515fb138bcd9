/** The text with `***` for the passwords of all URLs in it. */
export function maskSecrets(text: string): string {
  // The limits keep it fast for long texts without a URL.
  return (
    text
      // A password may hold what a URL should have escaped, such as an @ or a slash. A port is none.
      .replace(
        /(?<![a-z0-9+.-])([a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/?#"'`@]{0,300}):(?!\d+\/)[^\s"'`]{0,1000}@/gi,
        '$1:***@',
      )
      .replace(/([?&][^=&\s"'`]{0,30}passw(?:or)?d[^=&\s"'`]{0,30}=)[^&\s"'`]*/gi, '$1***')
  );
}
