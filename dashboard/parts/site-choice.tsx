/** Which site is shown, and a change to another one. */
import { Menu, Text, UnstyledButton } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useSite, useSites } from '../data/site.tsx';
import { shellWords } from '../words/shell.ts';
import { useWords } from './language.tsx';

export function SiteChoice() {
  const say = useWords(shellWords);
  const { data } = useSites();
  const site = useSite();
  const others = data?.items ?? [];
  const name = site?.customer_reference ?? say('chooseSite');
  if (others.length < 2)
    return (
      <Text fw={500} truncate>
        {site === undefined ? '' : name}
      </Text>
    );
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <UnstyledButton
          aria-label={`${say('chooseSite')}: ${name}`}
          style={{ display: 'flex', alignItems: 'center', gap: 4, minWidth: 0 }}
        >
          <Text fw={500} truncate>
            {name}
          </Text>
          <IconChevronDown size={16} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown mah="70vh" style={{ overflowY: 'auto' }}>
        {others.map(({ id, customer_reference: reference }) => (
          <Menu.Item
            key={id}
            component={Link}
            to={`/sites/${id}/overview`}
            fw={id === site?.id ? 700 : 400}
          >
            {reference ?? id}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
