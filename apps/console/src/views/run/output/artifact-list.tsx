import type { Artifact, LeftOutArtifact } from '@runnel/client'
import { Download } from 'lucide-react'
import type { ReactElement } from 'react'
import { formatBytes, formatCount } from '../../../parts/format.ts'
import styles from './artifact-list.module.css'

/** The files that the program made and that are kept, each a download. */
export const ArtifactList = ({
  artifacts,
  leftOut,
}: {
  readonly artifacts: readonly Artifact[]
  readonly leftOut: readonly LeftOutArtifact[]
}): ReactElement | null => {
  if (artifacts.length === 0 && leftOut.length === 0) return null
  return (
    <div className={styles.artifacts}>
      <ul aria-label="Files that it made">
        {artifacts.map(({ path, fileId, sizeBytes }) => (
          <li key={fileId}>
            <a href={`/v1/files/${fileId}/content`} download>
              <Download size={14} />
              {path}
            </a>
            <span>{formatBytes(sizeBytes)}</span>
          </li>
        ))}
      </ul>
      {leftOut.length > 0 && (
        <p title={leftOut.map(({ path, reason }) => `${path}: ${reason}`).join('\n')}>
          {formatCount(leftOut.length, 'file')} could not be kept.
        </p>
      )}
    </div>
  )
}
