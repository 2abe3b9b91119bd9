/**
 * What is sent by mail: by the name of its template, which is Vaultwarden's (its users may have written their own), what
 * the template is told besides `url` and `img_src`. Dates become texts in the operator's time zone.
 */
export interface Letters {
  welcome: Record<never, never>
  welcome_must_verify: VerifyLink
  verify_email: VerifyLink & { readonly email: string }
  /** `url` is the whole link. */
  register_verify_email: { readonly url: string; readonly email: string }
  change_email: { readonly token: string }
  change_email_existing: { readonly existing_address: string; readonly acting_address: string }
  change_email_invited: { readonly existing_address: string; readonly acting_address: string }
  delete_account: VerifyLink & { readonly email: string }
  pw_hint_none: Record<never, never>
  pw_hint_some: { readonly hint: string }
  twofactor_email: { readonly token: string }
  protected_action: { readonly token: string }
  new_device_logged_in: LoginDescription
  incomplete_2fa_login: LoginDescription & { readonly time_limit: number }
}

export type LetterName = keyof Letters

interface VerifyLink {
  readonly user_id: string
  readonly token: string
}

interface LoginDescription {
  readonly ip: string
  readonly device_name: string
  readonly device_type: string
  /** When it was; the mailer writes it as text. */
  readonly datetime: Date
}

/** Takes letters to the mail server. */
export interface Mailer {
  /** Letters since the start; failed are also those that were given up. Default: they are not counted. */
  readonly counts?: { readonly sent: number; readonly failed: number }
  /**
   * Resolves when the mail server has taken the letter. Rejects with an error that says why not: to be logged, and told to
   * no client.
   */
  send<Name extends LetterName>(to: string, name: Name, data: Letters[Name]): Promise<void>
  /** What the mail server has not taken is not waited for any more, nor is what comes from now on. */
  giveUp(): void
  /** Resolves when nothing is under way any more. */
  close(): Promise<void>
}
