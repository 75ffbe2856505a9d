import { SITE_TEMPLATE } from '@runnel/contract/public'

/** Whether a job, or its program, is a site: the API serves its files, and nothing runs. */
export const isSite = ({ language }: { readonly language: string }): boolean => language === SITE_TEMPLATE

/** The same of a sandbox. */
export const isSiteSandbox = ({ template }: { readonly template: string }): boolean => template === SITE_TEMPLATE
