import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { usePagesPath } from '../data/site.tsx';

/** A link to a page of the site that is shown, or of the server: `<SiteLink to="locks">`. */
export function SiteLink({ to, children }: { readonly to: string; readonly children: ReactNode }) {
  return (
    <Anchor component={Link} to={`${usePagesPath()}/${to}`} inherit>
      {children}
    </Anchor>
  );
}
