/** A device that asks those that are logged in to let it in. */
export interface AuthRequest {
  readonly id: string
  readonly userId: string
  readonly organizationId: string | null
  /** At most 36 characters, as the other one. */
  readonly deviceId: string
  readonly deviceType: number
  readonly address: string
  /** What the device proves itself by. */
  readonly accessCode: string
  readonly publicKey: string
  /** Of the device that answered. */
  responseDeviceId: string | null
  /** The user key, encrypted for `publicKey`. */
  key: string | null
  masterPasswordHash: string | null
  /** Null until it is answered. */
  approved: boolean | null
  readonly createdAt: Date
  respondedAt: Date | null
  /** When it was used to log in, which it is good for once. */
  authenticatedAt: Date | null
}

export interface AuthRequests {
  find(id: string): Promise<AuthRequest | undefined>
  /** Newest first. */
  ofUser(userId: string): Promise<AuthRequest[]>
  insert(request: AuthRequest): Promise<void>
  /** Writes every field that is not readonly. */
  update(request: AuthRequest): Promise<void>
  delete(id: string): Promise<void>
  deleteAllOf(userId: string): Promise<void>
  /** Removes those made before then; resolves with how many. */
  deleteBefore(at: Date): Promise<number>
}
