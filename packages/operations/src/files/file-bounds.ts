import type { FileBounds } from '@runnel/blobs'
import type { Tenant } from '@runnel/contract/public'
import type { OperationParts } from '../parts.ts'

/** How much the tenant may keep: its own bounds, or those of the deployment. */
export const fileBoundsOf = ({ fileBounds }: Pick<OperationParts, 'fileBounds'>, { limits }: Tenant): FileBounds => ({
  files: limits.files ?? fileBounds.files,
  bytes: limits.fileBytes ?? fileBounds.bytes,
})
