import { createTheme, MantineProvider } from '@mantine/core';
import '@mantine/core/styles.css';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode, useSyncExternalStore } from 'react';
import { createRoot } from 'react-dom/client';
import { createQueries } from './data/queries.ts';
import { currentSession, onSession, startSession } from './data/session.ts';
import { LanguageProvider } from './parts/language.tsx';
import { SignedOut, Starting } from './parts/signed-out.tsx';
import { Toasts } from './parts/toasts.tsx';
import './page.css';
import { preloadPage, router } from './router.tsx';

const theme = createTheme({
  primaryColor: 'cyan',
  // The darker shades keep text on buttons readable (WCAG 1.4.3).
  primaryShade: 9,
  defaultRadius: 'md',
  fontFamily: 'system-ui, sans-serif',
});

const queries = createQueries();

function App() {
  const session = useSyncExternalStore(onSession, currentSession);
  if (session.word === 'starting') return <Starting />;
  if (session.word === 'signed-out') return <SignedOut why={session.why} />;
  return <RouterProvider router={router} />;
}

// The server has been given another build since this page was loaded: its parts have other names.
window.addEventListener('vite:preloadError', () => {
  const key = 'cardea.reloaded';
  const last = Number(sessionStorage.getItem(key) ?? 0);
  if (performance.timeOrigin - last < 10_000) return;
  sessionStorage.setItem(key, String(performance.timeOrigin));
  location.reload();
});

const root = document.getElementById('app');
if (root === null) throw new Error('the page has no place for the app');
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <LanguageProvider>
        <QueryClientProvider client={queries}>
          <Toasts />
          <App />
        </QueryClientProvider>
      </LanguageProvider>
    </MantineProvider>
  </StrictMode>,
);
preloadPage(location.pathname);
void startSession();
