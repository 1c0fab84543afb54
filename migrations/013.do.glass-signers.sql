-- Whoever signed a break-glass is one of an attempt's signers as well: they stay who they are while it is judged.
CREATE OR REPLACE FUNCTION lock_signers(p_promotion text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM 1 FROM public.person
    WHERE email IN (SELECT person FROM public.decision WHERE promotion_id = p_promotion
                    UNION ALL SELECT person FROM public.break_glass WHERE promotion_id = p_promotion
                    UNION ALL SELECT requested_by FROM public.promotion WHERE id = p_promotion
                    UNION ALL SELECT actor FROM public.audit_event WHERE subject = p_promotion AND action = 'promotion.asked')
    ORDER BY email FOR SHARE;
END $$;
