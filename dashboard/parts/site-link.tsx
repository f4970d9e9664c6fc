import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useSiteId } from '../data/site.tsx';

/** A link to a page of the site that is shown: `<SiteLink to="locks">`. */
export function SiteLink({ to, children }: { readonly to: string; readonly children: ReactNode }) {
  return (
    <Anchor component={Link} to={`/sites/${useSiteId()}/${to}`} inherit>
      {children}
    </Anchor>
  );
}
