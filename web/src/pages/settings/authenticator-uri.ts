/** What authenticator apps read from a QR code. `key`: Base32. The name is what the app shows for it. */
export function authenticatorUri(key: string, { email, host }: { email: string; host: string }): string {
  // A colon divides it from the account.
  const issuer = `Belfry (${host.replaceAll(':', ' ')})`
  const query = new URLSearchParams({ secret: key, issuer }).toString().replaceAll('+', '%20')
  return `otpauth://totp/${encodeURIComponent(issuer)}:${encodeURIComponent(email)}?${query}`
}
