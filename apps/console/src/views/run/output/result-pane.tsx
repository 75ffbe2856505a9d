import type { RunState } from '@runnel/client/run-state'
import type { ReactElement } from 'react'
import { classes } from '../../../parts/classes.ts'
import { PreviewPane } from '../../../parts/preview/preview-pane.tsx'
import { OutputPane, type OutputPaneProps } from './output-pane.tsx'
import styles from './result-pane.module.css'

/** Where what the run serves can be seen. Undefined: it serves nothing now. */
export const previewOf = ({
  sandboxId,
  ports,
}: RunState): { readonly sandboxId: string; readonly ports: readonly number[] } | undefined =>
  sandboxId === undefined || ports.length === 0 ? undefined : { sandboxId, ports: ports.map(({ port }) => port) }

/** What comes of a run: what it prints and, as soon as it listens, what it serves. */
export const ResultPane = ({
  phonePane,
  ...props
}: OutputPaneProps & { readonly phonePane: 'output' | 'preview' }): ReactElement => {
  const preview = previewOf(props.run)
  return (
    <div
      className={classes(
        styles.results,
        preview !== undefined && phonePane === 'preview' ? styles.isPreview : styles.isOutput,
      )}
    >
      {preview !== undefined && (
        <div className={styles.preview}>
          <PreviewPane {...preview} />
        </div>
      )}
      <div className={styles.output}>
        <OutputPane {...props} />
      </div>
    </div>
  )
}
