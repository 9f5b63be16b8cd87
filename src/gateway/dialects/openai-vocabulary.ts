import { schemaVocabulary } from './schema-vocabulary.ts';

/**
 * Property names of OpenAI's Chat Completions, Responses and Embeddings as the official client of
 * 2026 declares them, and of the servers that speak the same (Azure, vLLM, Ollama, llama.cpp).
 */
export const openaiVocabulary: ReadonlySet<string> = new Set([
  ...schemaVocabulary,
  ...`accepted_prediction_tokens access_programs acknowledged_safety_checks action actions
   allowed_callers allowed_domains allowed_tools always annotation annotation_index annotations
   approval_request_id approve approximate arguments async attributes audio audio_tokens
   authorization background best_of button bytes cache_missed_tokens cache_write_tokens
   cache_write_tokens_details cached_image_tokens cached_text_tokens cached_tokens
   cached_tokens_details call_id caller caller_id categories category_applied_input_types
   category_scores choices city code command command_index commands compact_threshold
   comparison_response_id comparison_reusable_tokens completed_at completion_tokens
   completion_tokens_details complexity connector_id container container_id content
   content_filter_result content_filter_results content_index content_parts context
   context_compression context_management conversation country created created_at created_by
   custom cyber data defer_loading definition deleted delta description detail
   detailed_explanation detected diff dimensions display_height display_width domain
   domain_secrets echo effort embedding embedding_weight encoding_format encrypted_content
   end_index env environment error error_type execution exit_code expires_at external_web_access
   file file_data file_id file_ids file_url filename filtered filters fingerprint finish_reason
   flagged format frame_count frame_duration_ms frequency_penalty function function_call functions
   generate generate_summary grammar hate headers hybrid_search id image image_gen image_tokens
   image_url include include_obfuscation include_usage incomplete_details index input input_audio
   input_fidelity input_image_mask input_schema input_tokens input_tokens_details
   input_transformations instructions item item_id item_ids jailbreak json_schema key keys
   kv_transfer_params link logit_bias logprob logprobs logs matched_stop max_completion_tokens
   max_num_results max_output_length max_output_tokens max_tokens max_tool_calls media_type
   memory_limit message messages metadata misalignment modalities mode model moderation
   moderation_details moderation_stage n name namespace native_finish_reason network_policy never
   num_requests obfuscation object operation order outcome output output_compression output_format
   output_index output_parsed output_schema output_text output_tokens output_tokens_details
   outputs parallel_tool_calls param parameters parent parsed parsed_arguments part
   partial_image_b64 partial_image_index partial_images path pattern pending_safety_checks phase
   policy prediction presence_penalty previous_response_id prewarm prompt prompt_cache_breakpoint
   prompt_cache_diagnostics prompt_cache_key prompt_cache_options prompt_cache_retention
   prompt_filter_results prompt_index prompt_logprobs prompt_token_ids prompt_tokens
   prompt_tokens_details protected_material_code protected_material_text provider quality queries
   query ranker ranking_options read_only reason reasoning reasoning_content reasoning_details
   reasoning_effort reasoning_tokens refusal region rejected_prediction_tokens require_approval
   required_input response response_format result results review_target revised_prompt role
   safety_identifier schema score score_threshold scroll_x scroll_y search_content_types
   search_context_size seed self_harm sequence_number server_description server_label server_url
   service_tier severity sexual size skill_id skills source sources start_index starting_after
   status stderr stdout steer stop stop_reason store stream stream_id stream_options strict suffix
   summary summary_index svg svg_usage syntax system system_fingerprint temperature text
   text_offset text_tokens text_weight timeout_ms timezone timings title token token_ids
   token_logprobs tokens tool_call_id tool_calls tool_choice tool_names tool_usage tools
   top_logprobs top_p total_tokens trace transcript truncation ttl ttl_12h_tokens ttl_30m_tokens
   tunnel_id type url url_citation usage user user_location value variables vector_store_ids
   verbosity version violence voice web_search web_search_options working_directory x x_groq y`.split(
    /\s+/,
  ),
]);
